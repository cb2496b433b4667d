using Microsoft.AspNetCore.Http;

namespace Saga.Hosting.Startup;

/// <summary>The addresses that a program is configured to listen on.</summary>
public static class ListenAddress
{
    /// <summary>The address when it is a scheme, a host and a port, such as <c>http://0.0.0.0:5080</c>; else null.</summary>
    public static BindingAddress? Parse(string text)
    {
        try
        {
            // A port that is not a number is parsed as part of the host.
            return BindingAddress.Parse(text) is { PathBase.Length: 0, IsUnixPipe: false } parsed
                && (parsed.Host[0] == '[' || !parsed.Host.Contains(':', StringComparison.Ordinal))
                ? parsed
                : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }
}
