"""What people read: catalogues in Chinese and English, times as people say them, mails."""
