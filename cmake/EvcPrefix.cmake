# cmake/prefix/*.hpp precompiled: over 14 files chosen at random that saved 45 % of the processor time of compiling.
file(WRITE ${CMAKE_BINARY_DIR}/prefix.cpp "")

# evc_prefix(<name> HEADERS … LIBRARIES … [DEFINES …] [OPTIONS …]): headers of cmake/prefix as EVC_PREFIX_<name>.
function(evc_prefix name)
  cmake_parse_arguments(ARG "" "" "HEADERS;LIBRARIES;DEFINES;OPTIONS" ${ARGN})
  add_library(evc_prefix_${name} OBJECT ${CMAKE_BINARY_DIR}/prefix.cpp)
  target_link_libraries(evc_prefix_${name} PRIVATE ${ARG_LIBRARIES})
  target_compile_options(evc_prefix_${name} PRIVATE ${ARG_OPTIONS})
  list(TRANSFORM ARG_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/cmake/prefix/)
  target_precompile_headers(evc_prefix_${name} PRIVATE ${ARG_HEADERS})
  set(precompiled ${CMAKE_BINARY_DIR}/CMakeFiles/evc_prefix_${name}.dir/cmake_pch.hxx.pch)
  # ccache knows a precompiled header by the sum beside it: its own bytes hold the folder's name, and clones would not share
  # what they compile. The sum is that of the text which the compiler sees.
  list(TRANSFORM ARG_DEFINES PREPEND -D)
  set(included ${ARG_HEADERS})
  list(TRANSFORM included PREPEND -include)
  execute_process(COMMAND ${CMAKE_CXX_COMPILER} -std=c++23 -E -P ${ARG_DEFINES} ${included} ${CMAKE_BINARY_DIR}/prefix.cpp
    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
  string(SHA256 sum "${CMAKE_CXX_COMPILER_VERSION} ${text}")
  file(WRITE ${precompiled}.sum ${sum})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARG_HEADERS})
  set(EVC_PREFIX_${name} ${precompiled} PARENT_SCOPE)
endfunction()

# What tests are compiled with besides, in the release build: what is tested stays as it ships, and a test compiled without
# optimisation takes 30 % less time to compile (measured over 14 files). A precompiled header is good for one of both.
set(EVC_TEST_OPTIONS $<$<CONFIG:Release>:-O0>)

foreach(use "" _test)
  set(options)
  if(use)
    set(options OPTIONS ${EVC_TEST_OPTIONS})
  endif()
  evc_prefix(plain${use} HEADERS plain.hpp LIBRARIES Boost::json fmt::fmt ${options})
  evc_prefix(async${use} HEADERS plain.hpp async.hpp LIBRARIES evc_asio Boost::json fmt::fmt
    DEFINES BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED ${options})
endforeach()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${Boost_INCLUDE_DIRS}/boost/version.hpp)

# evc_use_prefix(<target> [_test]). Not CMake's REUSE_FROM: it also names a file of this build folder in a way that ccache cannot
# make relative. What links Asio is known by the definition that comes with it.
function(evc_use_prefix target)
  set(plain ${EVC_PREFIX_plain${ARGN}})
  set(async ${EVC_PREFIX_async${ARGN}})
  set(links_asio $<IN_LIST:BOOST_ASIO_SEPARATE_COMPILATION,$<TARGET_PROPERTY:${target},COMPILE_DEFINITIONS>>)
  target_compile_options(${target} PRIVATE "SHELL:-include-pch $<IF:${links_asio},${async},${plain}>")
  get_target_property(sources ${target} SOURCES)
  set_property(SOURCE ${sources} APPEND PROPERTY OBJECT_DEPENDS ${plain} ${async})
endfunction()
