"""The proxy in front of a policy pack, asked as the engine asks it."""

import grpc
import pytest

from sandbox.engine.language.analyzers import AnalyzerProxy


def test_whoever_waits_for_a_pack_that_failed_is_told_why_even_if_the_proxy_ends_at_once() -> None:
    for _ in range(20):  # without a grace about four in ten are cancelled instead
        proxy = AnalyzerProxy()
        with grpc.insecure_channel(f"127.0.0.1:{proxy.port}") as channel:
            asked = channel.unary_unary("/pulumirpc.Analyzer/GetAnalyzerInfo").future(b"")
            assert proxy.await_configuration() == {}
            proxy.refuse(RuntimeError("the rules are missing"))
            proxy.stop()
            with pytest.raises(grpc.RpcError, match="the rules are missing"):
                asked.result(timeout=10)


def test_a_call_that_comes_after_the_failure_is_still_answered_with_it() -> None:
    proxy = AnalyzerProxy()
    proxy.refuse(RuntimeError("the rules are missing"))
    with grpc.insecure_channel(f"127.0.0.1:{proxy.port}") as channel:
        asked = channel.unary_unary("/pulumirpc.Analyzer/GetAnalyzerInfo").future(b"")
        proxy.await_refusal()
        proxy.stop()
        with pytest.raises(grpc.RpcError, match="the rules are missing"):
            asked.result(timeout=10)
