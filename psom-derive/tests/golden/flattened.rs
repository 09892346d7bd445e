const _: () = {
    use ::psom::__private as __psom;
    impl __psom::Argument for NativeFile {
        const SHAPE: __psom::ArgumentShape = __psom::ArgumentShape::Fields(
            &[
                __psom::ParamDesc::new::<String>("fileName"),
                __psom::ParamDesc::new::<Bytes>("key"),
                __psom::ParamDesc::new::<i64>("fileSize"),
            ],
        );
    }
    impl __psom::Encode for NativeFile {
        fn encode(&self, out: &mut __psom::Encoder<'_>) {
            __psom::Encode::encode(&self.name, out);
            __psom::Encode::encode(&self.key, out);
            __psom::Encode::encode(&self.file_size, out);
        }
    }
    impl __psom::Decode for NativeFile {
        fn decode(
            input: &mut __psom::Decoder<'_>,
        ) -> ::core::result::Result<Self, __psom::DecodeError> {
            ::core::result::Result::Ok(Self {
                name: __psom::Decode::decode(input)?,
                key: __psom::Decode::decode(input)?,
                file_size: __psom::Decode::decode(input)?,
            })
        }
    }
    impl __psom::Lend for NativeFile {
        type Held = Self;
        fn lend<'held>(held: &'held Self, _: __psom::Loan<'held>) -> &'held Self {
            held
        }
    }
};
