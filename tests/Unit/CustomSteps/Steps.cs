using Saga.Contracts.CustomSteps;

namespace Saga.Tests.Unit.CustomSteps;

/// <summary>Custom steps for tests.</summary>
internal static class Steps
{
    public static HttpCall Call { get; } = new() { ExecuteUrl = "https://crm.acme.example/open", CompensateUrl = "https://crm.acme.example/close", Secret = "acme" };

    public static CustomStep Of(string name, params string[] after) => new() { Name = name, Workflow = "test", Worker = "acme-accounts", After = after };

    public static CustomStep Late(string name, params string[] after) => Of(name, after) with { AfterPivot = true };
}
