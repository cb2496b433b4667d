using Saga.Workers.Runtime;

namespace Saga.Workers.Identity;

/// <summary>Finds what the identity provider lacks, without changing anything.</summary>
public interface IIdentityCheck
{
    /// <exception cref="StepFailureException">The provider cannot answer now.</exception>
    Task<IdentityCheckReport> RunAsync(CancellationToken cancellationToken);
}

/// <param name="Faults">What is missing, one sentence each, with the remedy.</param>
/// <param name="NotChecked">What could not be checked, and why.</param>
public sealed record IdentityCheckReport(IReadOnlyList<string> Faults, IReadOnlyList<string> NotChecked);
