@0xd3f2a94c5b1e7086;
# The interface of the comparison with Cap'n Proto.

interface Echo {
  # Returns the number.
  echo @0 (number :Int64) -> (number :Int64);
  # Returns the length of the chunk.
  write @1 (chunk :Data) -> (bytes :UInt32);
}
