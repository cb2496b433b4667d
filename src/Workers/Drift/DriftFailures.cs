using Saga.Workers.Runtime;

namespace Saga.Workers.Drift;

/// <summary>Failures of repairs.</summary>
internal static class DriftFailures
{
    /// <summary>Something that is missing cannot be made again.</summary>
    public static StepFailureException NotMade(string why, string remedy) => StepFailureException.Permanent("drift-not-made", why, remedy);

    /// <summary>The name that a thing had before its quarantine is taken.</summary>
    public static StepFailureException NameTaken(string name) => StepFailureException.Permanent(
        "quarantine-name-taken", $"There is another '{name}' now, so the one in quarantine cannot get its name back.", "Rename or remove the other one, then send the release again.");
}
