namespace Saga.Lifecycle.Domains;

/// <summary>Reads TXT records from DNS. Thread-safe.</summary>
public interface ITxtRecords
{
    /// <summary>The texts of all TXT records of the name, aliases followed, each joined from its parts. Empty when there are none.</summary>
    /// <exception cref="DnsUnavailableException">Whether there are any could not be found out.</exception>
    Task<IReadOnlyList<string>> ReadAsync(string name, CancellationToken cancellationToken);
}
