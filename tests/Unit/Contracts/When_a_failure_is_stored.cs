using Saga.Contracts;
using Saga.Contracts.Failures;
using Saga.Contracts.Steps;
using Shouldly;
using System.Text.Json;
using Xunit;

namespace Saga.Tests.Unit.Contracts;

/// <summary>Failures are stored in the registry and sent in messages. Older versions write and read only <c>transient</c>.</summary>
public sealed class When_a_failure_is_stored
{
    [Theory, InlineData(FailureKind.Permanent, "permanent", false), InlineData(FailureKind.Transient, "transient", true)]
    [InlineData(FailureKind.Outage, "outage", true), InlineData(FailureKind.Overload, "overload", true)]
    public void Should_be_written_in_both_spellings_and_come_back(FailureKind kind, string spelled, bool transient)
    {
        var failure = new Failure { Code = "a", Message = "b", Kind = kind };

        var json = JsonSerializer.SerializeToElement(failure, Json.Options);

        json.GetProperty("kind").GetString().ShouldBe(spelled);
        json.GetProperty("transient").GetBoolean().ShouldBe(transient);
        json.Deserialize<Failure>(Json.Options).ShouldBe(failure);
    }

    [Theory, InlineData("true", FailureKind.Transient), InlineData("false", FailureKind.Permanent)]
    public void Should_be_read_as_older_versions_wrote_it(string transient, FailureKind kind) =>
        Read($$"""{"code":"a","message":"b","transient":{{transient}}}""").Kind.ShouldBe(kind);

    [Theory, InlineData("""{"code":"a","message":"b","kind":"outage","transient":true}"""), InlineData("""{"code":"a","message":"b","transient":true,"kind":"outage"}""")]
    public void Should_believe_the_kind_wherever_it_stands(string json) => Read(json).Kind.ShouldBe(FailureKind.Outage);

    [Fact]
    public void Should_treat_an_unknown_kind_as_transient() =>
        Read("""{"code":"a","message":"b","kind":"quarantine","transient":true}""").Kind.ShouldBe(FailureKind.Transient);

    private static Failure Read(string json) => JsonSerializer.Deserialize<Failure>(json, Json.Options)!;
}
