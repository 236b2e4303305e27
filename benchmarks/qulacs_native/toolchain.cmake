# Lets the source distribution of qulacs build from installed packages (Eigen, Boost, pybind11), not downloads:
#   CMAKE_TOOLCHAIN_FILE=<this file> CMAKE_PREFIX_PATH=<their prefixes> pip install --no-binary qulacs qulacs
# Its optimisation flags are then its own default, -march=native, which its wheel cannot have.
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")  # the ExternalProject beside us comes before CMake's
