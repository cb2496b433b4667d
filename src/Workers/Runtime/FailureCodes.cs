namespace Saga.Workers.Runtime;

/// <summary>Failure codes that the runtime interprets.</summary>
internal static class FailureCodes
{
    /// <summary>The suffix of codes for a server's internal errors, which are transient and counted by the system's circuit breaker.</summary>
    public const string ServerErrorSuffix = "-server-error";
}
