from reference_server.faces.detection.mtcnn_networks import to_onnx
from reference_server.faces.runtime import session


def test_no_session_keeps_what_a_large_picture_took() -> None:
    assert not session(to_onnx("pnet")).get_session_options().enable_cpu_mem_arena
