// Schedules of a program's stretches, kept while its numbers change.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>

#include "coratrix/schedule.hpp"

namespace coratrix {

/// Belongs to one program, whose instructions stay where they are. May be asked from several threads at once.
class Schedules {
public:
    /// The schedule of [first, last) if it fits the circuit that these instructions are now; else what `make` gives.
    template <class Make>
    std::shared_ptr<const Schedule> get(const Instruction* first, const Instruction* last, bool from_zero,
                                        const LoweredCircuit& circuit, Make make) {
        const Key key{first, last, from_zero};
        {
            const std::lock_guard<std::mutex> lock(guard_);
            const auto found = kept_.find(key);
            if (found != kept_.end() && found->second.shape.fits(circuit)) return found->second.schedule;
        }
        Kept made{Shape(circuit), std::make_shared<const Schedule>(make())};
        const std::lock_guard<std::mutex> lock(guard_);
        return kept_.insert_or_assign(key, std::move(made)).first->second.schedule;
    }

private:
    using Key = std::tuple<const Instruction*, const Instruction*, bool>;
    struct Kept {
        Shape shape;
        std::shared_ptr<const Schedule> schedule;
    };
    std::mutex guard_;
    std::map<Key, Kept> kept_;
};

}  // namespace coratrix
