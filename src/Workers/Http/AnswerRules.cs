using Saga.Contracts.Failures;

namespace Saga.Workers.Http;

/// <summary>What a status of an endpoint means for its step. The reasons are in <c>docs/decisions/custom-steps.md</c>. Pure.</summary>
internal static class AnswerRules
{
    public static bool IsDone(int status) => status is 200 or 201 or 204;

    /// <summary>The endpoint goes on with it, and says where to ask.</summary>
    public static bool IsAccepted(int status) => status is 202;

    /// <param name="status">Neither done nor accepted.</param>
    /// <param name="saysWhen">Whether the answer has a <c>Retry-After</c>.</param>
    public static FailureKind KindOf(int status, bool saysWhen) => status switch
    {
        429 => FailureKind.Overload,
        503 when saysWhen => FailureKind.Overload,
        // Not an outage: a single tenant's call costs attempts, and many failures in a row open the circuit.
        408 or 425 or >= 500 => FailureKind.Transient,
        _ => FailureKind.Permanent,
    };
}
