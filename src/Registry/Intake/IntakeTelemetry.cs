using System.Diagnostics;

namespace Saga.Registry.Intake;

/// <summary>The activity source of the intake. Names are public.</summary>
public static class IntakeTelemetry
{
    public const string SourceName = "Saga.Registry";

    /// <summary>The commit of the transaction that accepts a command.</summary>
    public const string Commit = "saga.intake.commit";

    public static ActivitySource Source { get; } = new(SourceName);
}
