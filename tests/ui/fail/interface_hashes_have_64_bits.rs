use psom::psom_interface;

#[psom_interface(name = "Example.Hexadecimal", version = 1, hash = 0x1_ffff_ffff_ffff_ffff)]
trait HexadecimalServer {}

#[psom_interface(name = "Example.Negative", version = 1, hash = -0xffff_ffff_ffff_ffff)]
trait NegativeServer {}

#[psom_interface(name = "Example.Decimal", version = 1, hash = 18446744073709551615)]
trait DecimalServer {}

fn main() {}
