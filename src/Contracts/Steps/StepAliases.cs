using System.Collections.Frozen;

namespace Saga.Contracts.Steps;

/// <summary>What earlier versions called the steps. Their workflows and messages are still run: a name keeps its meaning for ever.</summary>
public static class StepAliases
{
    private static readonly FrozenDictionary<string, string> Renamed = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["reserve"] = StepNames.Reserve,
        ["identity"] = StepNames.Identity,
        ["database"] = StepNames.Database,
        ["migrate"] = StepNames.Migrate,
        ["storage"] = StepNames.Storage,
        ["cache"] = StepNames.Cache,
        ["configuration"] = StepNames.Configuration,
        ["administrator"] = StepNames.Administrator,
        ["verify"] = StepNames.Verify,
        ["activate"] = StepNames.Activate,
        ["notify"] = StepNames.Notify,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The step's name in <see cref="StepNames"/>; the name itself when it was never another.</summary>
    public static string Current(string name) => Renamed.GetValueOrDefault(name, name);

    /// <summary>Every name that the step has had, the present one first.</summary>
    public static IReadOnlyList<string> Spellings(string name) => [Current(name), .. Renamed.Where(r => r.Value == Current(name)).Select(r => r.Key)];
}
