"""Record linkage: deciding which row of a listing is which entry of the archive. All pure."""
