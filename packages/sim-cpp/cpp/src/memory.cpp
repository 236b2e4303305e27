// The pool of buffers: huge pages where the system lends them.
#include "coratrix/memory.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "coratrix/types.hpp"

namespace coratrix {

namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kLine = 64;
constexpr std::size_t kSlack = std::size_t{32} << 20;  // left for everything else in the process

constexpr std::size_t kSmallKinds = 21;  // powers of two below a huge page

struct Pool {
    std::mutex guard;
    std::array<std::vector<void*>, kSmallKinds> small;  // by the capacity's power of two
    std::multimap<std::size_t, void*> large;            // capacity -> buffer
    std::size_t idle_bytes = 0;
};

/// Never destroyed: buffers may come home while the interpreter is going down.
Pool& pool() {
    static Pool* const instance = new Pool;
    return *instance;
}

std::size_t capacity_for(std::size_t size) {
    if (size < kHugePage) {
        std::size_t capacity = kLine;
        while (capacity < size) capacity *= 2;
        return capacity;
    }
    return (size + kHugePage - 1) / kHugePage * kHugePage;
}

/// MemAvailable of Linux; elsewhere the free pages, or "unknown" as half the address space.
std::size_t system_available_bytes() {
    if (std::FILE* file = std::fopen("/proc/meminfo", "r")) {
        char line[128];
        unsigned long long kib = 0;
        bool found = false;
        while (!found && std::fgets(line, sizeof line, file) != nullptr)
            found = std::sscanf(line, "MemAvailable: %llu kB", &kib) == 1;
        std::fclose(file);
        if (found) return static_cast<std::size_t>(kib) * 1024;
    }
#if defined(_SC_AVPHYS_PAGES)
    const long pages = sysconf(_SC_AVPHYS_PAGES);
    const long page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0) return static_cast<std::size_t>(pages) * static_cast<std::size_t>(page);
#endif
    return ~std::size_t{0} / 2;
}

void* map_pages(std::size_t capacity) {
    void* data = nullptr;
    const std::size_t alignment = capacity < kHugePage ? kLine : kHugePage;
    if (posix_memalign(&data, alignment, capacity) != 0) return nullptr;
#ifdef MADV_HUGEPAGE
    if (capacity >= kHugePage) madvise(data, capacity, MADV_HUGEPAGE);
#endif
    return data;
}

void* take_idle(std::size_t capacity) {
    Pool& home = pool();
    const std::lock_guard<std::mutex> lock(home.guard);
    void* data = nullptr;
    if (capacity < kHugePage) {
        std::vector<void*>& alike = home.small[static_cast<std::size_t>(lowest_bit(capacity))];
        if (alike.empty()) return nullptr;
        data = alike.back();
        alike.pop_back();
    } else {
        const auto found = home.large.find(capacity);
        if (found == home.large.end()) return nullptr;
        data = found->second;
        home.large.erase(found);
    }
    home.idle_bytes -= capacity;
    return data;
}

/// At most this much lies idle: one buffer of a quarter of the machine, or many small ones.
std::size_t idle_limit() {
    static const std::size_t limit = std::max<std::size_t>(system_available_bytes() / 4, 256 << 20);
    return limit;
}

void give_back(void* data, std::size_t capacity) {
    Pool& home = pool();
    {
        const std::lock_guard<std::mutex> lock(home.guard);
        if (home.idle_bytes + capacity <= idle_limit()) {
            if (capacity < kHugePage) home.small[static_cast<std::size_t>(lowest_bit(capacity))].push_back(data);
            else home.large.emplace(capacity, data);
            home.idle_bytes += capacity;
            return;
        }
    }
    std::free(data);
}

std::string describe(std::size_t needed, std::size_t available) {
    return "needs " + std::to_string(needed) + " bytes, " + std::to_string(available) + " are available";
}

}  // namespace

OutOfMemory::OutOfMemory(std::size_t bytes_needed, std::size_t bytes_available)
    : std::runtime_error(describe(bytes_needed, bytes_available)), needed(bytes_needed), available(bytes_available) {}

std::size_t available_bytes() {
    Pool& home = pool();
    const std::lock_guard<std::mutex> lock(home.guard);
    const std::size_t system = system_available_bytes() + home.idle_bytes;
    return system > kSlack ? system - kSlack : 0;
}

Buffer::Buffer(std::size_t size) : size_(size), capacity_(capacity_for(size)) {
    data_ = take_idle(capacity_);
    if (data_ != nullptr) return;
    if (capacity_ >= kHugePage) {
        if (capacity_ > system_available_bytes()) release_idle_memory();
        const std::size_t there = available_bytes();
        if (capacity_ > there) throw OutOfMemory(capacity_, there);
    }
    data_ = map_pages(capacity_);
    if (data_ == nullptr) throw OutOfMemory(capacity_, available_bytes());
}

Buffer::~Buffer() {
    if (data_ != nullptr) give_back(data_, capacity_);
}

Buffer::Buffer(Buffer&& other) noexcept { *this = std::move(other); }

Buffer& Buffer::operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
}

void release_idle_memory() {
    Pool& home = pool();
    const std::lock_guard<std::mutex> lock(home.guard);
    for (std::vector<void*>& alike : home.small) {
        for (void* const data : alike) std::free(data);
        alike.clear();
    }
    for (const auto& [capacity, data] : home.large) std::free(data);
    home.large.clear();
    home.idle_bytes = 0;
}

}  // namespace coratrix
