"""A believable automated store on a seed: aisles, shuttles, lifts, pick stations and faults, behind a real protocol."""
