// Which instruction set to use: the processor is asked once.
#include "coratrix/kernel_table.hpp"

#include <stdexcept>

namespace coratrix {

extern const Kernels<float> kportableSingle;
extern const Kernels<double> kportableDouble;
#ifdef CORATRIX_X86
extern const Kernels<float> kavx2Single, kavx512Single;
extern const Kernels<double> kavx2Double, kavx512Double;
#endif

bool is_supported(InstructionSet set) {
    switch (set) {
        case InstructionSet::portable: return true;
#ifdef CORATRIX_X86
        case InstructionSet::avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
        case InstructionSet::avx512:
            return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                   __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
#endif
        default: return false;
    }
}

InstructionSet best_instruction_set() {
    for (const InstructionSet set : {InstructionSet::avx512, InstructionSet::avx2})
        if (is_supported(set)) return set;
    return InstructionSet::portable;
}

const char* instruction_set_name(InstructionSet set) {
    switch (set) {
        case InstructionSet::avx512: return "avx512";
        case InstructionSet::avx2: return "avx2";
        default: return "portable";
    }
}

namespace {

template <class T>
const Kernels<T>& pick(InstructionSet set, const Kernels<T>* portable, const Kernels<T>* avx2,
                       const Kernels<T>* avx512) {
    if (!is_supported(set)) throw std::invalid_argument("this processor does not run that instruction set");
    if (set == InstructionSet::avx512) return *avx512;
    return set == InstructionSet::avx2 ? *avx2 : *portable;
}

}  // namespace

#ifdef CORATRIX_X86
template <>
const Kernels<float>& kernels<float>(InstructionSet set) {
    return pick(set, &kportableSingle, &kavx2Single, &kavx512Single);
}
template <>
const Kernels<double>& kernels<double>(InstructionSet set) {
    return pick(set, &kportableDouble, &kavx2Double, &kavx512Double);
}
#else
template <>
const Kernels<float>& kernels<float>(InstructionSet set) {
    return pick<float>(set, &kportableSingle, nullptr, nullptr);
}
template <>
const Kernels<double>& kernels<double>(InstructionSet set) {
    return pick<double>(set, &kportableDouble, nullptr, nullptr);
}
#endif

}  // namespace coratrix
