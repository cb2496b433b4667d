namespace Saga.Workers.Runtime;

/// <summary>Codes of failures that have a meaning for the runtime.</summary>
internal static class FailureCodes
{
    /// <summary>The end of the codes of a server's internal errors: transient, and counted by the system's circuit.</summary>
    public const string ServerErrorSuffix = "-server-error";
}
