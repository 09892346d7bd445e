const _: () = {
    use ::psom::__private as __psom;
    impl __psom::PsomType for ContentId {
        const TYPE: __psom::TypeDesc = __psom::value::<i64>();
    }
    __psom::transparent!(ContentId(i64));
};
