// Few outcomes and many shots: outcome k gets a binomial share of the shots that those before it left, so that the cost
// does not depend on the shots. Else each shot is looked up and only counted.
#include "coratrix/multinomial.hpp"

#include <algorithm>

#include "coratrix/binomial.hpp"
#include "coratrix/guide_table.hpp"

namespace coratrix {

namespace {

constexpr std::int64_t kShotsPerBinomial = 4;  // a binomial draw costs about as much as so many shots looked up

/// take(k, count) for the outcomes that get any. The sum of what is left is added up from the end, so that the last
/// outcome with a weight takes all that is left, exactly.
template <class F>
void share(const std::vector<double>& weights, std::int64_t shots, Stream& random, F take) {
    std::vector<double> from_here(weights.size());
    double sum = 0;
    for (std::size_t k = weights.size(); k-- > 0;) from_here[k] = sum += std::max(weights[k], 0.0);
    for (std::size_t k = 0; k < weights.size() && shots > 0; ++k) {
        if (!(weights[k] > 0)) continue;
        const std::int64_t count = binomial(shots, weights[k] / from_here[k], random);
        if (count > 0) take(k, count);
        shots -= count;
    }
}

std::vector<std::int64_t> looked_up(const std::vector<double>& weights, std::int64_t shots, Stream& random) {
    const GuideTable table(weights, static_cast<std::size_t>(shots));
    std::vector<std::int64_t> seen(weights.size(), 0);
    for (std::int64_t shot = 0; shot < shots; ++shot) ++seen[table.find(random.uniform())];
    return seen;
}

}  // namespace

void draw_sightings(const std::vector<double>& weights, std::int64_t shots, Stream& random, Index first, Sightings& out) {
    if (shots >= kShotsPerBinomial * static_cast<std::int64_t>(weights.size()))
        return share(weights, shots, random, [&](std::size_t k, std::int64_t count) { out.add(first + k, count); });
    const std::vector<std::int64_t> seen = looked_up(weights, shots, random);
    for (std::size_t k = 0; k < seen.size(); ++k)
        if (seen[k] > 0) out.add(first + k, seen[k]);
}

std::vector<std::int64_t> shared_out(const std::vector<double>& weights, std::int64_t shots, Stream& random) {
    std::vector<std::int64_t> out(weights.size(), 0);
    share(weights, shots, random, [&](std::size_t k, std::int64_t count) { out[k] = count; });
    return out;
}

}  // namespace coratrix
