using System.Collections.Frozen;

namespace Saga.Contracts.Steps;

/// <summary>The steps' names in earlier versions. Workflows and messages that use them still run, because a name never changes its meaning.</summary>
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
        ["restored.rows"] = StepNames.RestoreRows,
        ["replacement.away"] = StepNames.TakeAwayReplaced,
        ["revert.rows"] = StepNames.PutBackRows,
        ["revival.rows"] = StepNames.FillRevived,
        ["revival.objects"] = StepNames.RestoreObjects,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>The step's name in <see cref="StepNames"/>; the given name if it is not an alias.</summary>
    public static string Current(string name) => Renamed.GetValueOrDefault(name, name);

    /// <summary>Every name that the step has had, with the current one first.</summary>
    public static IReadOnlyList<string> Spellings(string name) => [Current(name), .. Renamed.Where(r => r.Value == Current(name)).Select(r => r.Key)];
}
