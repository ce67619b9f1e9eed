"""The project market 开源大集市: categories (rows), and an index in memory that counts every facet exactly under all other filters."""
