// Threads. OpenMP is named in this pair of files only.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <stdexcept>

namespace coratrix {

/// Thrown out of a run that its caller asked to stop.
struct Interrupted : std::runtime_error {
    Interrupted() : std::runtime_error("the simulation was interrupted") {}
};

/// How a run may use the machine, and how it learns that it should stop.
struct Context {
    int num_threads = 1;
    std::function<bool()> should_stop;  // asked now and then, from the calling thread only

    void check() const {
        if (should_stop && should_stop()) throw Interrupted();
    }
};

int hardware_threads();

/// Call body(item, thread) for every item in [0, count), items handed out one by one as threads come free.
/// The first exception stops the rest and is thrown again here. Nested calls run on the caller's thread.
void parallel_for(const Context& context, std::int64_t count,
                  const std::function<void(std::int64_t item, int thread)>& body);

}  // namespace coratrix
