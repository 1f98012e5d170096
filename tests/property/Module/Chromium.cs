using System.Diagnostics;
using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace CrProperty.Module;

/// <summary>A page in a browser without a window, led by the Chrome DevTools Protocol.</summary>
internal sealed class Chromium : IAsyncDisposable
{
    // Far beyond what any step takes: it ends a hang and measures nothing.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private readonly DirectoryInfo _profile = Directory.CreateTempSubdirectory("cr-chromium-");
    private readonly ClientWebSocket _socket = new();
    private readonly Process _process;
    private string? _session;
    private int _calls;

    private Chromium()
    {
        var start = new ProcessStartInfo("chromium",
            ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions", "--disable-background-networking",
                "--remote-debugging-port=0", $"--user-data-dir={_profile.FullName}", "about:blank"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _process = Process.Start(start)!;
        _process.OutputDataReceived += (_, _) => { };
        _process.ErrorDataReceived += (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public static async Task<Chromium> OpenAsync(string file)
    {
        var browser = new Chromium();
        try
        {
            var place = Path.Combine(browser._profile.FullName, "DevToolsActivePort");
            string[] port = [];
            LiveProcess.WaitUntil(() => browser._process.HasExited || (File.Exists(place) && (port = File.ReadAllLines(place)).Length == 2));
            if (port.Length < 2)
                throw new InvalidOperationException("The browser did not start.");
            using var limit = new CancellationTokenSource(Limit);
            await browser._socket.ConnectAsync(new Uri($"ws://127.0.0.1:{port[0]}{port[1]}"), limit.Token);
            var target = (await browser.CallAsync("Target.createTarget", new() { ["url"] = new Uri(file).AbsoluteUri })).GetProperty("targetId").GetString();
            browser._session = (await browser.CallAsync("Target.attachToTarget", new() { ["targetId"] = target, ["flatten"] = true })).GetProperty("sessionId").GetString();
            while ((await browser.EvaluateAsync("document.readyState + location.protocol")).GetString() != "completefile:")
                await Task.Delay(20, limit.Token);
            return browser;
        }
        catch
        {
            await browser.DisposeAsync();
            throw;
        }
    }

    /// <summary>The value of an expression in the page.</summary>
    public async Task<JsonElement> EvaluateAsync(string expression)
    {
        var result = await CallAsync("Runtime.evaluate", new() { ["expression"] = expression, ["returnByValue"] = true });
        return result.TryGetProperty("exceptionDetails", out var failure) ? throw new InvalidOperationException(failure.ToString()) : result.GetProperty("result").GetProperty("value");
    }

    public async Task PressAsync(string key, int code, string text = "")
    {
        foreach (var type in (string[])["keyDown", "keyUp"])
            await CallAsync("Input.dispatchKeyEvent", new() { ["type"] = type, ["key"] = key, ["code"] = key, ["windowsVirtualKeyCode"] = code, ["text"] = type == "keyDown" ? text : "" });
    }

    /// <summary>Calls a method of the protocol and waits for its answer; events between are passed over.</summary>
    public async Task<JsonElement> CallAsync(string method, JsonObject? parameters = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        var id = ++_calls;
        var call = new JsonObject { ["id"] = id, ["method"] = method, ["params"] = parameters ?? [] };
        if (_session is not null)
            call["sessionId"] = _session;
        await _socket.SendAsync(JsonSerializer.SerializeToUtf8Bytes(call), WebSocketMessageType.Text, true, limit.Token);
        while (true)
        {
            using var message = await ReceiveAsync(limit.Token);
            if (!message.RootElement.TryGetProperty("id", out var answered) || answered.GetInt32() != id)
                continue;
            return message.RootElement.TryGetProperty("error", out var error) ? throw new InvalidOperationException($"{method}: {error}") : message.RootElement.GetProperty("result").Clone();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        // Its helpers may take a moment longer, and write into their profile until then.
        LiveProcess.WaitUntil(() =>
        {
            try
            {
                _profile.Delete(recursive: true);
                return true;
            }
            catch (IOException)
            {
                return !Directory.Exists(_profile.FullName);
            }
        });
    }

    private async Task<JsonDocument> ReceiveAsync(CancellationToken cancel)
    {
        using var whole = new MemoryStream();
        var piece = new byte[1 << 16];
        while (true)
        {
            var received = await _socket.ReceiveAsync(piece, cancel);
            whole.Write(piece, 0, received.Count);
            if (received.MessageType == WebSocketMessageType.Close)
                throw new InvalidOperationException("The browser has closed the connection.");
            if (received.EndOfMessage)
                return JsonDocument.Parse(whole.ToArray());
        }
    }
}
