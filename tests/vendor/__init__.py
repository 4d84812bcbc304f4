"""Not a closed circle: the sandbox is driven by the vendor's own client, by octoDNS, and checked against schemas."""
