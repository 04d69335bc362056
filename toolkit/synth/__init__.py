"""The maker: everything that invents a leak and writes it to disk."""
