namespace Saga.Lifecycle.Domains;

/// <summary>DNS did not say whether a record exists: no answer, or a server that could not find out. Another attempt may help.</summary>
public sealed class DnsUnavailableException : Exception
{
    public DnsUnavailableException()
    {
    }

    public DnsUnavailableException(string message)
        : base(message)
    {
    }

    public DnsUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
