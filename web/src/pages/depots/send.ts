// Sends a file as it is, telling how much of it has left: fetch does not.
import { ApiError } from '../../api/client';
import { session } from '../../session/session.svelte';

export function send(path: string, file: File, told: (share: number) => void): Promise<{ id: string }> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', path);
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (session.me?.csrf) request.setRequestHeader('x-csrf-token', session.me.csrf);
    request.upload.onprogress = (event) => told(event.total > 0 ? event.loaded / event.total : 0);
    request.onerror = () => reject(new ApiError('L’envoi s’est interrompu. Vérifiez le réseau, puis recommencez.', 0));
    request.onload = () => {
      let answer: { id?: string; detail?: string } = {};
      try {
        answer = JSON.parse(request.responseText) as typeof answer;
      } catch {
        // Not JSON: the status tells enough.
      }
      if (request.status === 201 && answer.id) resolve({ id: answer.id });
      else reject(new ApiError(answer.detail ?? `Le serveur a répondu par une erreur ${request.status}.`, request.status));
    };
    request.send(file);
  });
}
