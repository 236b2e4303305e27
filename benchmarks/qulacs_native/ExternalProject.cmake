# Stands in for CMake's module in the build of qulacs, which includes it first among its dependencies.

# Its one external project is Eigen: the installed one.
macro(ExternalProject_Add name)
  find_package(Eigen3 CONFIG REQUIRED)
  get_target_property(eigen_include Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
  include_directories(SYSTEM ${eigen_include})
  add_custom_target(${name})  # what its targets depend on
endmacro()

# It fetches pybind11 and adds it as a folder, which must lie inside the project: the installed one, and an empty folder.
find_package(pybind11 CONFIG REQUIRED)
file(WRITE "${CMAKE_BINARY_DIR}/pybind11/CMakeLists.txt" "")
set(FETCHCONTENT_SOURCE_DIR_PYBIND11_FETCH "${CMAKE_BINARY_DIR}/pybind11" CACHE PATH "")
