"""What tests are built from: servers, listings, archives, readers, and programs of the machine."""
