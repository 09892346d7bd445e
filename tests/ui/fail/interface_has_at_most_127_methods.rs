use psom::psom_interface;

#[psom_interface(name = "Example.Long", version = 1, hash = 1)]
#[rustfmt::skip]
trait LongServer {
    fn s_1(&mut self); fn s_2(&mut self); fn s_3(&mut self); fn s_4(&mut self);
    fn s_5(&mut self); fn s_6(&mut self); fn s_7(&mut self); fn s_8(&mut self);
    fn s_9(&mut self); fn s_10(&mut self); fn s_11(&mut self); fn s_12(&mut self);
    fn s_13(&mut self); fn s_14(&mut self); fn s_15(&mut self); fn s_16(&mut self);
    fn s_17(&mut self); fn s_18(&mut self); fn s_19(&mut self); fn s_20(&mut self);
    fn s_21(&mut self); fn s_22(&mut self); fn s_23(&mut self); fn s_24(&mut self);
    fn s_25(&mut self); fn s_26(&mut self); fn s_27(&mut self); fn s_28(&mut self);
    fn s_29(&mut self); fn s_30(&mut self); fn s_31(&mut self); fn s_32(&mut self);
    fn s_33(&mut self); fn s_34(&mut self); fn s_35(&mut self); fn s_36(&mut self);
    fn s_37(&mut self); fn s_38(&mut self); fn s_39(&mut self); fn s_40(&mut self);
    fn s_41(&mut self); fn s_42(&mut self); fn s_43(&mut self); fn s_44(&mut self);
    fn s_45(&mut self); fn s_46(&mut self); fn s_47(&mut self); fn s_48(&mut self);
    fn s_49(&mut self); fn s_50(&mut self); fn s_51(&mut self); fn s_52(&mut self);
    fn s_53(&mut self); fn s_54(&mut self); fn s_55(&mut self); fn s_56(&mut self);
    fn s_57(&mut self); fn s_58(&mut self); fn s_59(&mut self); fn s_60(&mut self);
    fn s_61(&mut self); fn s_62(&mut self); fn s_63(&mut self); fn s_64(&mut self);
    fn s_65(&mut self); fn s_66(&mut self); fn s_67(&mut self); fn s_68(&mut self);
    fn s_69(&mut self); fn s_70(&mut self); fn s_71(&mut self); fn s_72(&mut self);
    fn s_73(&mut self); fn s_74(&mut self); fn s_75(&mut self); fn s_76(&mut self);
    fn s_77(&mut self); fn s_78(&mut self); fn s_79(&mut self); fn s_80(&mut self);
    fn s_81(&mut self); fn s_82(&mut self); fn s_83(&mut self); fn s_84(&mut self);
    fn s_85(&mut self); fn s_86(&mut self); fn s_87(&mut self); fn s_88(&mut self);
    fn s_89(&mut self); fn s_90(&mut self); fn s_91(&mut self); fn s_92(&mut self);
    fn s_93(&mut self); fn s_94(&mut self); fn s_95(&mut self); fn s_96(&mut self);
    fn s_97(&mut self); fn s_98(&mut self); fn s_99(&mut self); fn s_100(&mut self);
    fn s_101(&mut self); fn s_102(&mut self); fn s_103(&mut self); fn s_104(&mut self);
    fn s_105(&mut self); fn s_106(&mut self); fn s_107(&mut self); fn s_108(&mut self);
    fn s_109(&mut self); fn s_110(&mut self); fn s_111(&mut self); fn s_112(&mut self);
    fn s_113(&mut self); fn s_114(&mut self); fn s_115(&mut self); fn s_116(&mut self);
    fn s_117(&mut self); fn s_118(&mut self); fn s_119(&mut self); fn s_120(&mut self);
    fn s_121(&mut self); fn s_122(&mut self); fn s_123(&mut self); fn s_124(&mut self);
    fn s_125(&mut self); fn s_126(&mut self); fn s_127(&mut self); fn s_128(&mut self);
}

fn main() {}
