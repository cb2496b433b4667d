namespace Saga.Host.Startup;

/// <summary>Which systems the host provides itself. Key <c>Saga:Mode</c>.</summary>
public enum HostMode
{
    /// <summary>Everything embedded: one process and a private PostgreSQL. For evaluation and tests.</summary>
    Embedded,

    /// <summary>RabbitMQ, Redis and S3 as private processes of the host, and the rest embedded; on this machine only. For evaluation.</summary>
    Local,

    /// <summary>Every external system is configured by address; nothing is embedded.</summary>
    Real,
}
