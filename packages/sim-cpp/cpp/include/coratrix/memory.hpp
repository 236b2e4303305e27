// Large aligned buffers that outlive a run.
//
// The first touch of fresh memory costs as much as several passes over it, so buffers go back to a pool and not
// to the system. Memory is counted before it is taken: a request that the machine cannot serve throws
// OutOfMemory, which knows both numbers.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

namespace coratrix {

struct OutOfMemory : std::runtime_error {
    OutOfMemory(std::size_t bytes_needed, std::size_t bytes_available);
    std::size_t needed;
    std::size_t available;
};

/// Bytes that could be taken now without swapping, the idle buffers of the pool included.
std::size_t available_bytes();

/// A buffer of at least `size` bytes, aligned to 64 (2 MiB when large), contents undefined.
class Buffer {
public:
    Buffer() = default;
    explicit Buffer(std::size_t size);
    ~Buffer();
    Buffer(Buffer&& other) noexcept;
    Buffer& operator=(Buffer&& other) noexcept;
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    void* data() const { return data_; }
    std::size_t size() const { return size_; }

private:
    void* data_ = nullptr;
    std::size_t size_ = 0;      // asked for
    std::size_t capacity_ = 0;  // taken
};

/// Give every idle buffer of the pool back to the system.
void release_idle_memory();

}  // namespace coratrix
