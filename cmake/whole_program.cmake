# The sweep preset: the whole program optimised at once, by the profile of a training run, with a faster allocator when
# mimalloc is installed. For sweeps of very many seeds; scripts/build-sweep builds it. A run is the same, hash by hash, as
# in every other build.

option(HEIRLOOM_WHOLE_PROGRAM "Optimise the whole program at link time" OFF)
set(HEIRLOOM_PROFILE "" CACHE STRING "collect: write a profile next to the objects; use: optimise by it; empty: neither")
set_property(CACHE HEIRLOOM_PROFILE PROPERTY STRINGS "" collect use)

if(HEIRLOOM_PROFILE STREQUAL "collect")
  add_compile_options(-fprofile-generate -fprofile-update=single)
  add_link_options(-fprofile-generate)
elseif(HEIRLOOM_WHOLE_PROGRAM)
  set(CMAKE_INTERPROCEDURAL_OPTIMIZATION ON)
endif()
if(HEIRLOOM_PROFILE STREQUAL "use")
  # What has changed since the profile was written, or was never run, is optimised without it.
  add_compile_options(-fprofile-use -fprofile-partial-training -Wno-missing-profile -Wno-coverage-mismatch)
  add_link_options(-fprofile-use)
endif()

if(HEIRLOOM_WHOLE_PROGRAM)
  find_library(HEIRLOOM_MIMALLOC mimalloc)
  if(HEIRLOOM_MIMALLOC)
    # First, so that its malloc is the one.
    link_libraries(-Wl,--no-as-needed ${HEIRLOOM_MIMALLOC} -Wl,--as-needed)
  endif()
endif()
