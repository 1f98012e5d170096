"""A .NET program: the project's own shell, whose script serves TCP in one runspace thread and asks in another."""
from load import *

PROGRAM = r"""
param($Folder)
$listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
$listener.Start()
$client = [System.Net.Sockets.TcpClient]::new()
$client.Connect($listener.LocalEndpoint)
$near = $client.GetStream()
$far = $listener.AcceptTcpClient().GetStream()
$n = 0
try {
    while (-not [System.IO.File]::Exists("$Folder/stop")) {
        $bytes = [byte[]]::new(1 + $n % 5000)
        $bytes[0] = $n % 256
        $pending = $far.ReadAsync([byte[]]($buffer = [byte[]]::new($bytes.Length)), 0, $bytes.Length)
        $near.Write($bytes, 0, $bytes.Length)
        $read = $pending.Result
        while ($read -lt $bytes.Length) { $read += $far.Read($buffer, $read, $bytes.Length - $read) }
        if ($buffer[0] -ne $n % 256) { throw "wrong byte in round $n" }
        # Code compiled while it runs, and garbage to collect.
        $null = [scriptblock]::Create("$n + 1").Invoke()
        $n++
        [System.IO.File]::WriteAllText("$Folder/progress.new", "$n")
        [System.IO.File]::Move("$Folder/progress.new", "$Folder/progress", $true)
    }
    $verdict = '[]'
} catch {
    $verdict = '["' + ("$_" -replace '["\\\s]', ' ') + '"]'
}
# Whole or not at all: it is read as soon as it is there.
[System.IO.File]::WriteAllText("$Folder/verdict.new", $verdict)
[System.IO.File]::Move("$Folder/verdict.new", "$Folder/verdict")
"""
open(path("program.ps1"), "w").write(PROGRAM)
os.execvp("dotnet", ["dotnet", sys.argv[2], "-NonInteractive", "-File", path("program.ps1"), folder])
