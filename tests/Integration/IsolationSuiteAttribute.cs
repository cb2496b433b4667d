using Xunit.v3;

namespace Saga.Tests.Integration;

/// <summary>
/// Marks tests of what keeps tenants apart and strangers out: they try it with tenants' own logins on real servers, at the edge of the
/// API, or with the rights of the programs' logins. <c>-trait suite=isolation</c> runs only these.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class IsolationSuiteAttribute : Attribute, ITraitAttribute
{
    public IReadOnlyCollection<KeyValuePair<string, string>> GetTraits() => [new("suite", "isolation")];
}
