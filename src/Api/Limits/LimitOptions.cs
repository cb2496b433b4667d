using System.ComponentModel.DataAnnotations;

namespace Saga.Api.Limits;

/// <summary>How much one caller may ask of one process. Section <c>Saga:Api:Limits</c>.</summary>
public sealed class LimitOptions
{
    public const string Section = "Saga:Api:Limits";

    /// <summary>Requests per second in the long run; 0 for no limit.</summary>
    [Range(0, 100_000, ErrorMessage = Section + ":RequestsPerSecond must be from 0 (no limit) to 100000.")]
    public int RequestsPerSecond { get; set; } = 200;

    /// <summary>Requests at once, after a time without any.</summary>
    [Range(1, 1_000_000, ErrorMessage = Section + ":Burst must be from 1 to 1000000.")]
    public int Burst { get; set; } = 1000;

    /// <summary>Event streams that are open at the same time.</summary>
    [Range(1, 100_000, ErrorMessage = Section + ":StreamsPerCaller must be from 1 to 100000.")]
    public int StreamsPerCaller { get; set; } = 50;
}
