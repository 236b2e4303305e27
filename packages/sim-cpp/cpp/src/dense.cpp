// Bits of a matrix that lie inside the vectors. Let j of its bits be there. A vector of results is then
//
//   out_r = Σ_c Σ_p F[r, c, p] ∘ (x_c with lanes exchanged by p)
//
// with r and c over the vectors that the other bits choose, p over the 2^j patterns of those j bits, and ∘ lane by
// lane: lane l of F[r, c, p] is the matrix's entry in row (r, l) and column (c, l ⊕ p). That is as many
// multiply-adds for an amplitude as with all bits outside.
#include "coratrix/dense.hpp"

#include <algorithm>

namespace coratrix {

namespace {

template <class T>
class DenseBuilder {
public:
    DenseBuilder(const DenseMatrix& dense, const Layout& layout, const Kernels<T>& kernels, Arena& arena)
        : dense_(dense), layout_(layout), kernels_(kernels), arena_(arena) {
        for (const int b : dense.bits) (b < kernels.lane_bits ? inside_ : outside_).push_back(b);
        std::sort(inside_.begin(), inside_.end());
    }

    const Dense<T>* build(Mask controls, const Blocks& blocks) {
        auto* const out = new (arena_.allocate<Dense<T>>(1)) Dense<T>;
        out->bits = static_cast<int>(outside_.size());
        for (const int b : inside_) out->lanes |= 1 << b;
        out->condition = controls;
        out->blocks = blocks;
        out->offsets = offsets();
        out->schmidt = inside_.empty() && in_schmidt_form();
        if (inside_.empty()) entries(*out);
        else factors(*out);
        return out;
    }

private:
    std::size_t rows() const { return std::size_t{1} << outside_.size(); }

    bool in_schmidt_form() const {
        const std::vector<Complex>& m = dense_.matrix;
        return m.size() == 16 && m[4] == 0.0 && m[8] == 0.0 && m[0].imag() == 0 && m[12].imag() == 0 &&
               m[5].imag() == 0;
    }

    const std::uint32_t* offsets() {
        auto* const out = arena_.allocate<std::uint32_t>(rows());
        for (std::size_t row = 0; row < rows(); ++row) {
            out[row] = 0;
            for (std::size_t k = 0; k < outside_.size(); ++k)
                if (row >> (outside_.size() - 1 - k) & 1)
                    out[row] += layout_.template stride<T>(layout_.position[outside_[k]]);
        }
        return out;
    }

    void entries(Dense<T>& out) {
        T* const re = arena_.allocate<T>(dense_.matrix.size());
        T* const im = arena_.allocate<T>(dense_.matrix.size());
        for (std::size_t k = 0; k < dense_.matrix.size(); ++k) put(dense_.matrix[k], re[k], im[k]);
        out.re = re, out.im = im;
    }

    void factors(Dense<T>& out) {
        const std::size_t patterns = std::size_t{1} << inside_.size(), width = std::size_t{1} << kernels_.lane_bits;
        T* re = arena_.allocate<T>(rows() * rows() * patterns * width);
        T* im = arena_.allocate<T>(rows() * rows() * patterns * width);
        out.re = re, out.im = im;
        const std::size_t size = std::size_t{1} << dense_.bits.size();
        for (std::size_t c = 0; c < rows(); ++c)
            for (std::size_t p = 0; p < patterns; ++p)
                for (std::size_t r = 0; r < rows(); ++r)
                    for (std::size_t l = 0; l < width; ++l, ++re, ++im)
                        put(dense_.matrix[place(r, l) * size + place(c, l ^ spread(p))], *re, *im);
    }

    /// The lane bits that the pattern's bits stand for.
    std::size_t spread(std::size_t pattern) const {
        std::size_t out = 0;
        for (std::size_t k = 0; k < inside_.size(); ++k)
            if (pattern >> k & 1) out |= std::size_t{1} << inside_[k];
        return out;
    }

    /// The matrix's row of a lane of a vector.
    std::size_t place(std::size_t row, std::size_t lane) const {
        std::size_t out = 0, outside = outside_.size();
        for (const int b : dense_.bits) {
            const bool set = b < kernels_.lane_bits ? (lane >> b & 1) != 0 : (row >> --outside & 1) != 0;
            out = 2 * out + set;
        }
        return out;
    }

    static void put(Complex entry, T& re, T& im) {
        re = static_cast<T>(entry.real()), im = static_cast<T>(entry.imag());
    }

    const DenseMatrix& dense_;
    const Layout& layout_;
    const Kernels<T>& kernels_;
    Arena& arena_;
    std::vector<int> inside_;   // the vectors, lowest first
    std::vector<int> outside_;  // in the matrix's order
};

}  // namespace

DenseMatrix under_control(const DenseMatrix& dense, int control) {
    const std::size_t size = std::size_t{1} << dense.bits.size();
    DenseMatrix out;
    out.bits.push_back(control);
    out.bits.insert(out.bits.end(), dense.bits.begin(), dense.bits.end());
    out.matrix.assign(4 * size * size, Complex(0));
    for (std::size_t r = 0; r < size; ++r) {
        out.matrix[r * 2 * size + r] = 1;
        for (std::size_t c = 0; c < size; ++c)
            out.matrix[(size + r) * 2 * size + size + c] = dense.matrix[r * size + c];
    }
    return out;
}

bool fits_lanes(const DenseMatrix& dense) { return dense.bits.size() <= 2; }

template <class T>
const Dense<T>* build_dense(const DenseMatrix& dense, Mask controls, const Layout& layout, const Kernels<T>& kernels,
                            const Blocks& blocks, Arena& arena) {
    return DenseBuilder<T>(dense, layout, kernels, arena).build(controls, blocks);
}

#define CORATRIX_INSTANTIATE(T)                                                                                     \
    template const Dense<T>* build_dense<T>(const DenseMatrix&, Mask, const Layout&, const Kernels<T>&, const Blocks&, \
                                            Arena&);
CORATRIX_INSTANTIATE(float)
CORATRIX_INSTANTIATE(double)

}  // namespace coratrix
