using Saga.Contracts.CustomSteps;

namespace Saga.Tests.Unit.CustomSteps;

/// <summary>Custom steps for tests.</summary>
internal static class Steps
{
    public static HttpCall Call { get; } = new() { ExecuteUrl = "https://crm.acme.example/open", CompensateUrl = "https://crm.acme.example/close", Secret = "acme" };

    public static CustomWait Approval { get; } = new() { For = CustomWait.Approval, WithinSeconds = 86400 };

    public static CustomWait Signal { get; } = new() { For = CustomWait.Signal, Name = "contract-signed", WithinSeconds = 3600 };

    public static CustomWait Time { get; } = new() { For = CustomWait.Time, WithinSeconds = 60 };

    public static CustomStep Of(string name, params string[] after) => new() { Name = name, Workflow = "test", Worker = "acme-accounts", After = after };

    public static CustomStep Waiting(string name, CustomWait wait, params string[] after) => Of(name, after) with { Worker = null, Wait = wait };

    public static CustomStep Late(string name, params string[] after) => Of(name, after) with { AfterPivot = true };
}
