using System.Net;

namespace Saga.Workers.Http;

/// <summary>An endpoint's host has only addresses that may not be called.</summary>
internal sealed class AddressRefusedException(string host, IPAddress address) : Exception($"'{host}' has the address {address}, which is private or special.")
{
    public string Host { get; } = host;
}
