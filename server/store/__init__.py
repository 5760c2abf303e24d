"""What is kept: the only room that speaks to a database; rows never leave it."""
