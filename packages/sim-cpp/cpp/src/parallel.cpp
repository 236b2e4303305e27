// Threads: a dynamic loop over items that passes exceptions and interrupts through.
#include "coratrix/parallel.hpp"

#include <chrono>
#include <exception>
#include <mutex>
#include <thread>

#ifdef _OPENMP
#include <omp.h>
#endif

namespace coratrix {

namespace {

/// Asks the caller at most every 20 ms, because asking may cost a lock.
class StopWatch {
public:
    explicit StopWatch(const Context& context) : context_(context) {}

    void check() {
        const auto now = std::chrono::steady_clock::now();
        if (now - last_ < std::chrono::milliseconds(20)) return;
        last_ = now;
        context_.check();
    }

private:
    const Context& context_;
    std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

void serial_for(const Context& context, std::int64_t count,
                const std::function<void(std::int64_t, int)>& body) {
    StopWatch watch(context);
    for (std::int64_t item = 0; item < count; ++item) {
        body(item, 0);
        watch.check();
    }
}

#ifdef _OPENMP
bool inside_parallel() { return omp_in_parallel() != 0; }
#else
bool inside_parallel() { return false; }
#endif

}  // namespace

int hardware_threads() {
    const unsigned count = std::thread::hardware_concurrency();
    return count == 0 ? 1 : static_cast<int>(count);
}

void parallel_for(const Context& context, std::int64_t count,
                  const std::function<void(std::int64_t, int)>& body) {
    if (context.num_threads <= 1 || count <= 1 || inside_parallel()) {
        serial_for(context, count, body);
        return;
    }
#ifdef _OPENMP
    std::exception_ptr failure;
    std::mutex guard;
    std::atomic<bool> stopped{false};
#pragma omp parallel num_threads(context.num_threads)
    {
        const int thread = omp_get_thread_num();
        StopWatch watch(context);
#pragma omp for schedule(dynamic, 1)
        for (std::int64_t item = 0; item < count; ++item) {
            if (stopped.load(std::memory_order_relaxed)) continue;
            try {
                body(item, thread);
                if (thread == 0) watch.check();
            } catch (...) {
                const std::lock_guard<std::mutex> lock(guard);
                if (!failure) failure = std::current_exception();
                stopped = true;
            }
        }
    }
    if (failure) std::rethrow_exception(failure);
#else
    serial_for(context, count, body);
#endif
}

}  // namespace coratrix
