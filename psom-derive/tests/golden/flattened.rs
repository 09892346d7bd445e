const _: () = {
    use ::psom::__private as __psom;
    impl __psom::PsomType for NativeFile {
        const TYPE: __psom::TypeDesc = __psom::TypeDesc::Record(
            &[
                __psom::ParamDesc::field::<String>("fileName"),
                __psom::ParamDesc::field::<Bytes>("key"),
                __psom::ParamDesc::field::<i64>("fileSize"),
            ],
        );
    }
    __psom::record!(NativeFile { name : String, key : Bytes, file_size : i64 });
};
