using Saga.Contracts.Failures;
using Saga.Workers.Http;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.CustomSteps;

public sealed class When_an_endpoint_has_answered
{
    [Theory]
    [InlineData(200)]
    [InlineData(201)]
    [InlineData(204)]
    public void Should_be_done(int status) => AnswerRules.IsDone(status).ShouldBeTrue();

    [Theory]
    [InlineData(408, false, FailureKind.Transient)]
    [InlineData(425, false, FailureKind.Transient)]
    [InlineData(500, false, FailureKind.Transient)]
    [InlineData(501, false, FailureKind.Transient)]
    [InlineData(502, true, FailureKind.Transient)]
    [InlineData(503, false, FailureKind.Transient)]
    [InlineData(503, true, FailureKind.Overload)]
    [InlineData(504, false, FailureKind.Transient)]
    [InlineData(599, false, FailureKind.Transient)]
    [InlineData(429, false, FailureKind.Overload)]
    [InlineData(429, true, FailureKind.Overload)]
    [InlineData(203, false, FailureKind.Permanent)]
    [InlineData(206, false, FailureKind.Permanent)]
    [InlineData(301, false, FailureKind.Permanent)]
    [InlineData(307, true, FailureKind.Permanent)]
    [InlineData(400, false, FailureKind.Permanent)]
    [InlineData(401, false, FailureKind.Permanent)]
    [InlineData(404, false, FailureKind.Permanent)]
    [InlineData(409, true, FailureKind.Permanent)]
    [InlineData(422, false, FailureKind.Permanent)]
    [InlineData(423, false, FailureKind.Permanent)]
    public void Should_fail_by_its_status(int status, bool saysWhen, FailureKind kind)
    {
        AnswerRules.IsDone(status).ShouldBeFalse();
        AnswerRules.IsAccepted(status).ShouldBeFalse();
        AnswerRules.KindOf(status, saysWhen).ShouldBe(kind);
    }

    [Fact]
    public void Should_go_on_when_it_is_accepted() => AnswerRules.IsAccepted(202).ShouldBeTrue();
}
