namespace Saga.Lifecycle.Domains;

/// <summary>What a check of a domain found.</summary>
/// <param name="Outcome">The outcome.</param>
/// <param name="RecordName">The name at which the TXT record must be.</param>
/// <param name="RecordText">The text that one of the TXT records there must have.</param>
/// <param name="Detail">What was found instead; null when the record was found.</param>
public sealed record DomainCheck(DomainCheckOutcome Outcome, string RecordName, string RecordText, string? Detail);

public enum DomainCheckOutcome
{
    /// <summary>The record is there: the domain is proved.</summary>
    Proved,

    /// <summary>There is no TXT record at the name, or none with the text.</summary>
    Missing,

    /// <summary>DNS did not say. Another check may help.</summary>
    Unavailable,

    /// <summary>Another tenant has proved the domain.</summary>
    Taken,

    /// <summary>The tenant's domain changed during the check.</summary>
    Changed,
}
