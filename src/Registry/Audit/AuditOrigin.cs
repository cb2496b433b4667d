using System.Net;

namespace Saga.Registry.Audit;

/// <summary>
/// From where the present work was ordered. It flows with the asynchronous call, so that whatever it writes to the audit log says so.
/// </summary>
public static class AuditOrigin
{
    /// <summary>A message. The broker controls who may send.</summary>
    public const string Bus = "bus";

    /// <summary>The time for which a command was scheduled.</summary>
    public const string Schedule = "schedule";

    /// <summary>An item of a batch.</summary>
    public const string Batch = "batch";

    /// <summary>A command of the Host, on its machine.</summary>
    public const string Host = "host";

    /// <summary>A program of the installation, such as a step of an operation.</summary>
    public const string System = "system";

    private static readonly AsyncLocal<string?> Entered = new();

    public static string Current => Entered.Value ?? System;

    /// <summary>Holds for the rest of the asynchronous method that calls it, and for all that it calls.</summary>
    public static void Enter(string origin) => Entered.Value = origin;

    /// <summary>A request over HTTP, such as <c>http 203.0.113.7</c>.</summary>
    public static string OfAddress(IPAddress? address) => Of("http", address);

    /// <summary>A sign-in at the directory, such as <c>directory 203.0.113.7</c>.</summary>
    public static string OfDirectory(IPAddress? address) => Of("directory", address);

    private static string Of(string door, IPAddress? address) => address switch
    {
        null => door,
        { IsIPv4MappedToIPv6: true } => $"{door} {address.MapToIPv4()}",
        _ => $"{door} {address}",
    };
}
