"""The bodies that services other than the portal answer with, as plain JSON values."""
