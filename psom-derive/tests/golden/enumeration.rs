const _: () = {
    use ::psom::__private as __psom;
    fn __psom_value(named: &Status) -> __psom::i32 {
        match named {
            Status::Reserved => 1,
            Status::Upgrade => 2,
            Status::Gone => -1,
            Status::Other(value) => *value,
        }
    }
    impl ::core::convert::From<__psom::i32> for Status {
        fn from(value: __psom::i32) -> Self {
            match value {
                1 => Self::Reserved,
                2 => Self::Upgrade,
                -1 => Self::Gone,
                other => Self::Other(other),
            }
        }
    }
    impl ::core::convert::From<Status> for __psom::i32 {
        fn from(named: Status) -> Self {
            __psom_value(&named)
        }
    }
    impl __psom::PsomType for Status {
        const TYPE: __psom::TypeDesc = __psom::TypeDesc::Enum("Status");
    }
    impl __psom::Encode for Status {
        fn encode(&self, out: &mut __psom::Encoder<'_>) {
            __psom::Encode::encode(&__psom_value(self), out);
        }
    }
    impl __psom::Decode for Status {
        const MIN_SIZE: __psom::usize = <__psom::i32 as __psom::Decode>::MIN_SIZE;
        fn decode(input: &mut __psom::Decoder<'_>) -> __psom::Decoded<Self> {
            <__psom::i32 as __psom::Decode>::decode(input)
                .map(::core::convert::From::from)
        }
    }
};
