const _: () = {
    use ::psom::__private as __psom;
    impl __psom::PsomType for ContentId {
        const TYPE: __psom::TypeDesc = <i64 as __psom::PsomType>::TYPE;
    }
    impl __psom::Encode for ContentId {
        fn encode(&self, out: &mut __psom::Encoder<'_>) {
            __psom::Encode::encode(&self.0, out);
        }
    }
    impl __psom::Decode for ContentId {
        const MIN_SIZE: usize = <i64 as __psom::Decode>::MIN_SIZE;
        fn decode(
            input: &mut __psom::Decoder<'_>,
        ) -> ::core::result::Result<Self, __psom::DecodeError> {
            <i64 as __psom::Decode>::decode(input).map(Self)
        }
    }
};
