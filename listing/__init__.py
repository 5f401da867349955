"""How a listing is read, as values: pages parsed, passes over them judged. Pure: no Scrapy, no SQL, no file, no clock."""
